import { describe, expect, test } from '@jest/globals';
import { LeonoreError } from '../errors.js';
import { scopeOf } from './grant.js';
import { grantsOfGroups, readGroupRoles } from './group-roles.js';
import { groupsOf, personId, personName } from './person.js';

const file = `
admins: [ { role: admin } ]
"/sites/a":
  - { role: operator, scope: 'labels.site == "a"' }
  - { role: viewer }
site-b: [ { role: publisher }, { role: operator, scope: 'labels.site == "b"' } ]
`;

describe('which groups have which roles', () => {
  const read = readGroupRoles(file, 'groups.yaml');

  test('several groups are no more together than each by itself', () => {
    const grants = grantsOfGroups(read, ['/sites/a', 'nobody-knows-it', 'site-b']);
    expect(scopeOf(grants, 'operator')).toEqual(['labels.site == "a"', 'labels.site == "b"']);
    expect(scopeOf(grants, 'viewer')).toBe('fleet');
    expect(scopeOf(grants, 'admin')).toBeNull();
  });

  test('what two groups say alike is said once; a group that is not named says nothing', () => {
    const twice = readGroupRoles('{"a": [{"role": "viewer"}], "b": [{"role": "viewer"}]}', 'groups.json');
    expect(grantsOfGroups(twice, ['a', 'b', 'a'])).toEqual([{ role: 'viewer', scope: null }]);
    expect(grantsOfGroups(twice, ['c', '__proto__', 'constructor'])).toEqual([]);
  });

  test('more than one principal may have is refused', () => {
    const groups = Array.from({ length: 17 }, (_, n) => `g${n}`);
    const many = readGroupRoles(
      JSON.stringify(
        Object.fromEntries(groups.map((g) => [g, [{ role: 'viewer', scope: `labels.${g} == "x"` }]])),
      ),
      'groups.json',
    );
    expect(() => grantsOfGroups(many, groups)).toThrow(/17 roles/);
  });

  test.each([
    ['a role that there is not', 'a: [ { role: root } ]', /groups\.yaml:1:\d+: a\[0\]\.role/],
    [
      'a scope that is none',
      '\na: [ { role: viewer, scope: "hardware.arch == \'x\'" } ]',
      /:2:\d+: a\[0\]\.scope/,
    ],
    ['a word too much', 'a: [ { role: viewer, scopes: x } ]', /a\[0\]/],
    ['no role', 'a: []', /: a/],
    ['a list', '- a', /groups\.yaml/],
    ['the same group twice', 'a: [ { role: viewer } ]\na: [ { role: admin } ]', /groups\.yaml:2/],
  ])('%s is said with its place', (_what, text, place) => {
    expect(() => readGroupRoles(text, 'groups.yaml')).toThrow(LeonoreError);
    expect(() => readGroupRoles(text, 'groups.yaml')).toThrow(place);
  });
});

describe('a person', () => {
  const issuer = 'https://login.example.com/realms/x';

  test('is called so that nobody takes him for a token', () => {
    expect(personName({ sub: '1', preferred_username: 'anna' }, issuer)).toBe('anna@login.example.com');
    expect(personName({ sub: '1', preferred_username: ' ', email: 'a@b.c' }, issuer)).toBe('a@b.c');
    expect(personName({ sub: '1', preferred_username: 7 }, issuer)).toBe('1@login.example.com');
    expect(personName({ sub: '1', preferred_username: 'a\0b'.repeat(100) }, issuer).length).toBeLessThan(200);
    expect(personId({ issuer, subject: '1' })).toBe(`1 of ${issuer}`);
  });

  test('is in the groups that the claim names', () => {
    expect(groupsOf({ groups: ['a', 7, null, 'b'] }, 'groups')).toEqual(['a', 'b']);
    expect(groupsOf({ groups: 'a' }, 'groups')).toEqual(['a']);
    expect(groupsOf({}, 'groups')).toBeNull();
  });
});
