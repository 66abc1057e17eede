import type { FileHandle } from 'node:fs/promises';
import { LeonoreError } from '../../domain/errors.js';

/** A member of an ar(5) archive: where its bytes are in the file. */
export interface ArMember {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
}

export const arMagic = '!<arch>\n';
const headerSize = 60;
/** A package has three members; signatures may be some more. */
const mostMembers = 32;

/**
 * Lists the members of an ar(5) archive. Nothing is read but their heads.
 * @throws LeonoreError MALFORMED_INPUT
 */
export async function readArMembers(file: FileHandle, fileName: string): Promise<ArMember[]> {
  const { size: end } = await file.stat();
  const members: ArMember[] = [];
  for (let at = arMagic.length; at < end;) {
    if (members.length === mostMembers) throw malformed(fileName, `it has more than ${mostMembers} members`);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(headerSize), 0, headerSize, at);
    const member = bytesRead === headerSize ? memberOf(buffer.toString('latin1'), at + headerSize) : null;
    if (member === null) throw malformed(fileName, `the head of its member at byte ${at} is none`);
    if (member.offset + member.size > end) throw malformed(fileName, 'it is cut off');
    members.push(member);
    // Members begin at even bytes.
    at = member.offset + member.size + (member.size % 2);
  }
  return members;
}

/** Names are padded with spaces; GNU's ar ends them with a slash. */
function memberOf(header: string, offset: number): ArMember | null {
  const name = header.slice(0, 16).trimEnd().replace(/\/$/u, '');
  const size = header.slice(48, 58).trimEnd();
  if (header.slice(58) !== '`\n' || !/^[\w.-]+$/u.test(name) || !/^\d+$/u.test(size)) return null;
  return { name, offset, size: Number(size) };
}

function malformed(fileName: string, message: string): LeonoreError {
  return new LeonoreError('MALFORMED_INPUT', `${fileName} is no sound ar archive: ${message}`);
}
