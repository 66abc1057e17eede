import { describe, expect, test } from '@jest/globals';
import { controlScripts } from '../package-format/control-scripts.js';
import { shellLints } from './shell-lints.js';

const linesOf = (script: string) => [...new Set(shellLints(script).map(({ line }) => line))];

describe('what is not POSIX sh is found at its line', () => {
  test.each([
    '[[ $a = b ]]',
    'if [[ -n $a ]]; then',
    '[ "$a" == b ]',
    'function f {',
    'source ./lib.sh',
    'list=(a b)',
    'list+=(c)',
    'text+=more',
    'cat <<<"$text"',
    'run &>/dev/null',
    'run |& tee log',
    'diff <(a) <(b)',
    '((count = count + 1))',
    'while ((count < 3)); do',
    'for i in {1..9}; do',
    'echo -e "a\\tb"',
    'declare -a list',
    'echo "${text/a/b}"',
    'echo ${text^^}',
    'echo "${text:1:2}"',
    'echo "${!name}"',
    'echo "${list[0]}"',
    'sleep $RANDOM',
  ])('%s', (line) => {
    expect(linesOf(`#!/bin/sh\n: fine\n${line}\n: fine\n`)).toEqual([3]);
  });

  test.each(['bash', '/usr/bin/env bash', '/usr/bin/python3', '/bin/zsh'])('#!%s', (interpreter) => {
    expect(linesOf(`#!${interpreter.startsWith('/') ? '' : '/bin/'}${interpreter}\nexit 0\n`)).toEqual([1]);
  });

  test('a script for another language has no other fault', () => {
    expect(shellLints('#!/usr/bin/python3\nlist=(1, 2)\ntext+=1\n')).toHaveLength(1);
  });

  test('ends of lines as Windows has them are told once', () => {
    expect(linesOf('#!/bin/sh\r\nexit 0\r\n')).toEqual([1]);
  });
});

describe('what is POSIX sh is left alone', () => {
  test.each([
    'echo "[[ is $quoted ]]" \'source x\' # function f',
    'x=$((1 + 2)); y=$(( (1 + 2) / 3 )); z=$(((x + 1) / 2))',
    'echo "${a:-b}" "${a:+b}" "${a:=b}" "${a:?no}" "${a#b}" "${a%%b}" "${#a}"',
    'case $x in [[:alpha:]]*) ;; esac',
    'cat <<EOF\n[[ $a ]] && list=(b)\nEOF',
    "cat <<-'END'\n\tsource x\n\tEND",
    "awk '{ total += $1 } END { print total }' <file",
    'text="a\nsource b\n"; [ "$text" = c ]',
    '(cd "$a" && pwd) >file 2>&1 &',
    'f() { echo hello; }',
    'printf "%s" "#" | sed "s/a(/b/"',
  ])('%j', (script) => {
    expect(shellLints(`#!/bin/sh\n${script}\n`)).toEqual([]);
  });

  test.each(Object.entries(controlScripts))('our own %s script', (_, script) => {
    expect(shellLints(script)).toEqual([]);
  });
});
