import { Button, Modal, TextInput } from "@mantine/core";
import { useMounted } from "@mantine/hooks";
import { useState } from "react";
import { texts } from "../texts";
import { asked, type Question } from "./confirm";

export function Dialogs() {
    const open = asked.use();
    // A window that is there from the start would not know where the focus came from.
    const isMounted = useMounted();
    const [shown, setShown] = useState(open);
    // The question stays while the window fades out.
    if (open && shown !== open) setShown(open);
    const close = (yes: boolean) => {
        open?.resolve(yes);
        asked.set(null);
    };
    return (
        <Modal opened={isMounted && open !== null} onClose={() => close(false)} title={shown?.question.title} zIndex={320}>
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
