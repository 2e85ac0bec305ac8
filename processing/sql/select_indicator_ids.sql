-- The numbers of the indicators.
SELECT code, id FROM indicator
