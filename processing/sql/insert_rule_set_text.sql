-- Keep the text of a rule set; one that is known already stays as it is.
INSERT INTO rule_set_text (sha256, code, content) VALUES (%(sha256)s, %(code)s, %(content)s) ON CONFLICT DO NOTHING
