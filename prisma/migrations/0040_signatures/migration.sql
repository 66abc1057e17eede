-- What publishers have signed of artifacts, each as it was signed.
CREATE TABLE "artifact_signature" (
    "artifact_id" UUID NOT NULL,
    "keyid" TEXT NOT NULL,
    "sig" TEXT NOT NULL,
    "statement" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
    CONSTRAINT "artifact_signature_pkey" PRIMARY KEY ("artifact_id", "keyid")
);
ALTER TABLE "artifact_signature" ADD CONSTRAINT "artifact_signature_artifact_id_fkey"
    FOREIGN KEY ("artifact_id") REFERENCES "artifact"("id") ON DELETE CASCADE;

-- What builders have signed of what they built.
ALTER TABLE "source_build" ADD COLUMN "statement" JSONB;

-- Roots and delegations, to the byte.
CREATE TABLE "trust_metadata" (
    "role" TEXT NOT NULL,
    "version" BIGINT NOT NULL,
    "content" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
    CONSTRAINT "trust_metadata_pkey" PRIMARY KEY ("role", "version")
);
