import classes from "./Check.module.css";

interface CheckProps {
    label: string;
    checked: boolean;
    /** Some of what it stands for is chosen, and some is not. */
    mixed?: boolean;
    onChange: (checked: boolean) => void;
}

/** Chooses a row of a table. The browser's own: a table has hundreds, and Mantine's take their time. */
export function Check({ label, checked, mixed = false, onChange }: CheckProps) {
    return (
        <input
            ref={(input) => {
                if (input) input.indeterminate = mixed;
            }}
            type="checkbox"
            className={classes.check}
            aria-label={label}
            checked={checked}
            onChange={(event) => onChange(event.currentTarget.checked)}
        />
    );
}
