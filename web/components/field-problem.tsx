/** What is wrong with a field; what it is for, while nothing is. */
export function FieldProblem({
  text,
  otherwise,
}: {
  readonly text: string | undefined;
  readonly otherwise: string;
}) {
  return (
    <span slot="description" className={text === undefined ? '' : 'problem'}>
      {text ?? otherwise}
    </span>
  );
}
