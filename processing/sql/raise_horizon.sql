-- Let hours before an instant be packed; give the horizon.
UPDATE packing SET sealed_until = greatest(sealed_until, %(until)s::timestamptz) RETURNING sealed_until
