import { Button, Modal, TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { createStore } from "../store";
import { texts } from "../texts";

interface Question {
    title: string;
    body: ReactNode;
    confirm: string;
    danger?: boolean;
    /** What has to be typed first, for what cannot be taken back. */
    typed?: string;
}

const asked = createStore<{ question: Question; resolve: (yes: boolean) => void } | null>(null);

/** Asks before something is done that cannot be undone. */
export function confirm(question: Question): Promise<boolean> {
    return new Promise((resolve) => asked.set({ question, resolve }));
}

export function Dialogs() {
    const open = asked.use();
    const [shown, setShown] = useState(open);
    // The question stays while the window fades out.
    if (open && shown !== open) setShown(open);
    const close = (yes: boolean) => {
        open?.resolve(yes);
        asked.set(null);
    };
    return (
        <Modal opened={open !== null} onClose={() => close(false)} title={shown?.question.title} zIndex={320}>
            {shown && <Body key={shown.question.title} question={shown.question} close={close} />}
        </Modal>
    );
}

function Body({ question, close }: { question: Question; close: (yes: boolean) => void }) {
    const [typed, setTyped] = useState("");
    const isReady = question.typed === undefined || typed.trim().toLowerCase() === question.typed.toLowerCase();
    return (
        <form
            className="stack"
            onSubmit={(event) => {
                event.preventDefault();
                if (isReady) close(true);
            }}
        >
            <div>{question.body}</div>
            {question.typed !== undefined && (
                <TextInput
                    label={texts.common.typeToConfirm(question.typed)}
                    value={typed}
                    onChange={(event) => setTyped(event.currentTarget.value)}
                    autoComplete="off"
                    data-autofocus
                />
            )}
            <div className="row end">
                <Button variant="default" onClick={() => close(false)}>
                    {texts.common.cancel}
                </Button>
                <Button
                    type="submit"
                    color={question.danger ? "danger" : undefined}
                    disabled={!isReady}
                    data-autofocus={question.typed === undefined || undefined}
                >
                    {question.confirm}
                </Button>
            </div>
        </form>
    );
}
