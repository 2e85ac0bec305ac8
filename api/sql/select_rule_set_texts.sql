-- Texts of rule sets by their hashes.
SELECT sha256, code, content FROM rule_set_text WHERE sha256 = ANY (%(hashes)s::text[]) ORDER BY code
