import { useId, useState, type ReactNode } from "react";
import { beside } from "./beside";
import classes from "./Tooltip.module.css";

interface TooltipProps {
    text: string;
    /** Whether the keyboard passes it by: it is around a button, or what it says is also said elsewhere. */
    isPassed?: boolean;
    children: ReactNode;
}

/** More about what it is around, for whoever points at it or comes to it by keyboard. Escape closes it. */
export function Tooltip({ text, isPassed = false, children }: TooltipProps) {
    const id = useId();
    const [isOpen, setIsOpen] = useState(false);
    const open = () => setIsOpen(true);
    const close = () => setIsOpen(false);
    return (
        <span
            className={classes.told}
            tabIndex={isPassed ? undefined : 0}
            aria-describedby={isPassed || !isOpen ? undefined : id}
            onPointerEnter={open}
            onPointerLeave={close}
            onFocus={open}
            onBlur={close}
            onKeyDown={(event) => event.key === "Escape" && close()}
        >
            {children}
            {isOpen && (
                <span id={id} ref={show} popover="manual" role="tooltip" className={classes.tip}>
                    {text}
                </span>
            )}
        </span>
    );
}

function show(tip: HTMLElement | null): void {
    if (!tip?.parentElement) return;
    tip.style.inset = beside(tip.parentElement);
    tip.showPopover();
}
