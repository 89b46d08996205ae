import { PasswordInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { passwordPolicyQuery } from "../api/queries";
import { texts } from "../texts";
import classes from "./NewPassword.module.css";

interface Props {
    label?: string;
    name: string;
    value: string;
    error?: string;
    onChange: (event: { currentTarget: { value: string } }) => void;
    /** What a good password does not contain. */
    personal?: (string | null | undefined)[];
    autoFocus?: boolean;
}

const t = texts.newPassword;

/** A new password, and how good it is while it is typed. The server has the last word. */
export function NewPassword({ label = t.label, personal = [], ...input }: Props) {
    const { value } = input;
    const minLength = useQuery(passwordPolicyQuery).data?.min_length ?? 12;
    const length = Array.from(value).length;
    const isPersonal = personal.some((text) => text && text.length > 2 && value.toLowerCase().includes(text.toLowerCase()));
    const strength = length < minLength || isPersonal ? Math.min(1, length) : strengthOf(value);
    return (
        <div>
            <PasswordInput label={label} autoComplete="new-password" aria-describedby={`${input.name}-strength`} {...input} />
            <div className={classes.feedback} id={`${input.name}-strength`}>
                <div className={classes.meter} data-strength={strength} aria-hidden>
                    <i />
                    <i />
                    <i />
                    <i />
                </div>
                <span className={classes.text} aria-live="polite">
                    {value === ""
                        ? t.hint(minLength)
                        : isPersonal
                          ? t.personal
                          : length < minLength
                            ? t.tooShort(minLength - length)
                            : t.strength[strength]}
                </span>
            </div>
        </div>
    );
}

/** From 1 (weak) to 4 (strong), by how much there is to guess. */
function strengthOf(password: string): number {
    const distinct = new Set(password.toLowerCase()).size;
    const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z\d]/].filter((kind) => kind.test(password)).length;
    const steps = Array.from(password).filter((letter, at, all) => {
        const step = letter.charCodeAt(0) - (all[at - 1] ?? letter).charCodeAt(0);
        return at > 0 && Math.abs(step) <= 1;
    }).length;
    const score = (Array.from(password).length - steps) * Math.log2(distinct + 1) * (0.8 + kinds * 0.1);
    return score < 32 ? 1 : score < 46 ? 2 : score < 66 ? 3 : 4;
}
