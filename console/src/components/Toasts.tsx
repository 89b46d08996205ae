import { Button, CloseButton } from "@mantine/core";
import { IconCheck, IconExclamationMark } from "@tabler/icons-react";
import { createStore } from "../store";
import { texts } from "../texts";
import classes from "./Toasts.module.css";

interface Toast {
    id: number;
    text: string;
    isFailure: boolean;
    undo?: () => void;
}

const toasts = createStore<Toast[]>([]);
let last = 0;

function show(text: string, isFailure: boolean, undo?: () => void): void {
    const id = ++last;
    toasts.set([...toasts.get().slice(-3), { id, text, isFailure, undo }]);
    setTimeout(() => hide(id), isFailure || undo ? 10_000 : 5_000);
}

function hide(id: number): void {
    toasts.set(toasts.get().filter((toast) => toast.id !== id));
}

/** Says that something was done, and how to take it back. */
export function toast(text: string, undo?: () => void): void {
    show(text, false, undo);
}

/** Says why something was not done. */
export function toastFailure(error: unknown): void {
    show(error instanceof Error ? error.message : String(error), true);
}

export function Toasts() {
    return (
        <div className={classes.toasts} role="log" aria-live="polite" aria-label={texts.common.messages}>
            {toasts.use().map(({ id, text, isFailure, undo }) => (
                <div key={id} className={classes.toast} data-failure={isFailure}>
                    {isFailure ? <IconExclamationMark size={16} aria-hidden /> : <IconCheck size={16} aria-hidden />}
                    <span>{text}</span>
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
