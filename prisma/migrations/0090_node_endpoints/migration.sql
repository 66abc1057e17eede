-- A node serves several protocols, each at an address of its own; the channel of a gateway is negotiated from these.
CREATE TABLE node_endpoint (
  node_id text NOT NULL REFERENCES node (id) ON DELETE CASCADE,
  protocol text NOT NULL,
  transport text NOT NULL CHECK (transport IN ('tcp', 'udp')),
  address text NOT NULL,
  strategies text[] NOT NULL,
  -- Scheme of the address that a gateway has to listen at to be pushed; null: push needs none.
  push_scheme text,
  tls text NOT NULL CHECK (tls IN ('none', 'server', 'mutual')),
  -- Its place in the order in which the node announced them.
  place smallint NOT NULL,
  PRIMARY KEY (node_id, protocol, transport)
);
-- What nodes have announced so far; they say it anew when they start.
INSERT INTO node_endpoint (node_id, protocol, transport, address, strategies, push_scheme, tls, place)
SELECT id, 'http', 'tcp', address, '{push,pull}', 'http', CASE WHEN address LIKE 'https:%' THEN 'server' ELSE 'none' END, 0
FROM node WHERE address <> '';

ALTER TABLE gateway
  -- Why its channel was agreed on, and what both sides have besides, in the order in which it is tried.
  ADD COLUMN channel_reason text NOT NULL DEFAULT '',
  ADD COLUMN fallbacks text[] NOT NULL DEFAULT '{}',
  -- Since when it is known to be away, where its protocol tells.
  ADD COLUMN away_since timestamptz(3);
ALTER TABLE node_pool ADD COLUMN channels text[] NOT NULL DEFAULT '{}';
