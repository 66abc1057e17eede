-- Whether a gateway was woken is never asked: a wake-up is repeated until the gateway reports.
ALTER TABLE delivery DROP COLUMN notified_at;
