import { Button, CloseButton } from "@mantine/core";
import { IconCheck, IconExclamationMark } from "@tabler/icons-react";
import { isProblem } from "../api/problem";
import { Link } from "../navigation";
import { createStore } from "../store";
import { texts } from "../texts";
import classes from "./Toasts.module.css";

interface Toast {
    id: number;
    text: string;
    isFailure: boolean;
    undo?: () => void;
    /** Where the reason of a failure is taken away. */
    mend?: { to: string; label: string };
}

const toasts = createStore<Toast[]>([]);
let last = 0;

function show(toast: Omit<Toast, "id">): void {
    const id = ++last;
    toasts.set([...toasts.get().slice(-3), { id, ...toast }]);
    setTimeout(() => hide(id), toast.isFailure || toast.undo ? 10_000 : 5_000);
}

function hide(id: number): void {
    toasts.set(toasts.get().filter((toast) => toast.id !== id));
}

/** Says that something was done, and how to take it back. */
export function toast(text: string, undo?: () => void): void {
    show({ text, isFailure: false, undo });
}

/** Says why something was not done. */
export function toastFailure(error: unknown): void {
    const mend = isProblem(error, "email-not-configured") ? { to: "/settings/email", label: texts.addUsers.configure } : undefined;
    show({ text: error instanceof Error ? error.message : String(error), isFailure: true, mend });
}

export function Toasts() {
    return (
        <div className={classes.toasts} role="log" aria-live="polite" aria-label={texts.common.messages}>
            {toasts.use().map(({ id, text, isFailure, undo, mend }) => (
                <div key={id} className={classes.toast} data-failure={isFailure}>
                    {isFailure ? <IconExclamationMark size={16} aria-hidden /> : <IconCheck size={16} aria-hidden />}
                    <span>
                        {text} {mend && <Link to={mend.to}>{mend.label}</Link>}
                    </span>
                    {undo && (
                        <Button
                            size="compact-xs"
                            variant="subtle"
                            onClick={() => {
                                hide(id);
                                undo();
                            }}
                        >
                            {texts.common.undo}
                        </Button>
                    )}
                    <CloseButton size="xs" aria-label={texts.common.dismiss} onClick={() => hide(id)} />
                </div>
            ))}
        </div>
    );
}
