"""Has the suite's repositories signed with Ed25519 where a test does not say otherwise: LEONORE believes no other keys."""

from tuf_conformance._internal.repository_simulator import RepositorySimulator

RepositorySimulator.new_signer.__defaults__ = ("ed25519", "ed25519")
