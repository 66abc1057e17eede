import { Input, Label, TextField } from 'react-aria-components';
import { FieldProblem } from './field-problem.js';
import { ArtifactNames, artifactNamesId } from './known-names.js';

interface RequestsFieldProps {
  /** As it is typed. */
  readonly value: string;
  /** What is wrong with it; undefined when nothing is. */
  readonly problem: string | undefined;
  readonly onChange: (value: string) => void;
}

/** What is asked for: artifacts and ranges of versions. */
export function RequestsField({ value, problem, onChange }: RequestsFieldProps) {
  return (
    <>
      <TextField className="field" value={value} onChange={onChange} isInvalid={problem !== undefined}>
        <Label>What</Label>
        <Input list={artifactNamesId} placeholder="thermometer@^2" autoComplete="off" spellCheck={false} />
        <FieldProblem text={problem} otherwise="Artifacts as NAME or NAME@RANGE, separated by commas." />
      </TextField>
      <ArtifactNames />
    </>
  );
}
