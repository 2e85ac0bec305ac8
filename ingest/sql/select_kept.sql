-- Which of the given digests the quarantine holds already.
SELECT digest FROM quarantine WHERE digest = ANY(%(digest)s::bytea[])
