ALTER TABLE note ADD CONSTRAINT note_is_not_empty CHECK (text <> '');
