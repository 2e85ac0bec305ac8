-- Every sensor and its gateway, by the names that an archive keeps.
SELECT s.id, g.code, s.code, s.quantity FROM sensor s JOIN gateway g ON g.id = s.gateway_id ORDER BY s.id
