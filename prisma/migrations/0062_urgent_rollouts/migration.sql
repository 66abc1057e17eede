-- Work of an emergency: a gateway that has not begun what it was given before does this first.
ALTER TABLE rollout ADD COLUMN urgent boolean NOT NULL DEFAULT false;
