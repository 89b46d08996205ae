import { Button } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useState } from "react";
import { texts } from "../texts";
import { useKeepOpen } from "./closing";
import classes from "./Secret.module.css";

/** Something that is shown once, to be copied. */
export function Secret({ label, value }: { label: string; value: string }) {
    useKeepOpen();
    return (
        <div>
            <div className={classes.label}>{label}</div>
            <div className={classes.secret}>
                <code aria-label={label} tabIndex={0}>
                    {value}
                </code>
                <CopyButton value={value} />
            </div>
        </div>
    );
}

export function CopyButton({ value, label = texts.common.copy }: { value: string; label?: string }) {
    const [isCopied, setIsCopied] = useState(false);
    return (
        <Button
            size="xs"
            variant="default"
            leftSection={isCopied ? <IconCheck size={14} /> : <IconCopy size={14} />}
            onClick={async () => {
                await navigator.clipboard.writeText(value);
                setIsCopied(true);
                setTimeout(() => setIsCopied(false), 2_000);
            }}
        >
            <span aria-live="polite">{isCopied ? texts.common.copied : label}</span>
        </Button>
    );
}
