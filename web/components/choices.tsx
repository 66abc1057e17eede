import { useId, type ReactNode } from 'react';

interface ChoicesProps<T extends string> {
  readonly label: string;
  readonly options: readonly T[];
  readonly chosen: T;
  readonly onChoose: (option: T) => void;
  readonly words?: (option: T) => string;
}

/** One of a few, all of them seen. */
export function Choices<T extends string>({ label, options, chosen, onChoose, words }: ChoicesProps<T>) {
  const name = useId();
  return (
    <fieldset className="choices">
      <legend>{label}</legend>
      {options.map((option) => (
        <label key={option} className="pill" data-selected={option === chosen || undefined}>
          <input
            type="radio"
            name={name}
            value={option}
            checked={option === chosen}
            onChange={() => onChoose(option)}
          />
          {words === undefined ? option : words(option)}
        </label>
      ))}
    </fieldset>
  );
}

interface CheckProps {
  readonly isChosen: boolean;
  readonly onChange: (isChosen: boolean) => void;
  readonly children: ReactNode;
}

export function Check({ isChosen, onChange, children }: CheckProps) {
  return (
    <label className="pill" data-selected={isChosen || undefined}>
      <input type="checkbox" checked={isChosen} onChange={({ target }) => onChange(target.checked)} />
      {children}
    </label>
  );
}
