-- The pause of each gateway between two polls, as it was agreed on when it registered: by it a silence is known.
ALTER TABLE gateway ADD COLUMN poll_seconds double precision NOT NULL DEFAULT 60;
