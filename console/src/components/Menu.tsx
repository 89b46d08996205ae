import { cloneElement, useEffect, useId, useRef, useState, type ComponentProps, type KeyboardEvent, type ReactElement, type ReactNode } from "react";
import { Link } from "../navigation";
import { beside } from "./beside";
import classes from "./Menu.module.css";

/** What a button leads to choose from. The browser closes it with Escape and with a click elsewhere. */
export function Menu({ button, children }: { button: ReactElement<ComponentProps<"button">>; children: ReactNode }) {
    const id = useId();
    const [isOpen, setIsOpen] = useState(false);
    const menu = useRef<HTMLDivElement>(null);
    const close = () => menu.current?.hidePopover();
    useEffect(() => {
        if (!isOpen) return;
        menu.current?.querySelector<HTMLElement>("[role=menuitem]")?.focus();
        // It would stay where it is.
        addEventListener("scroll", close, { once: true });
        return () => removeEventListener("scroll", close);
    }, [isOpen]);
    const move = (event: KeyboardEvent) => {
        if (event.key === "Tab") return close();
        const items = [...(menu.current?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
        const at = items.findIndex((item) => item === document.activeElement);
        const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
        if (next === undefined) return;
        event.preventDefault();
        items.at(next % items.length)?.focus();
    };
    return (
        <>
            {cloneElement(button, { id: `${id}button`, popoverTarget: id, "aria-haspopup": "menu", "aria-expanded": isOpen })}
            <div
                ref={menu}
                id={id}
                popover="auto"
                role="menu"
                aria-labelledby={`${id}button`}
                className={classes.menu}
                onBeforeToggle={({ currentTarget, newState }) => {
                    const anchor = document.getElementById(`${id}button`);
                    if (newState === "open" && anchor) currentTarget.style.inset = beside(anchor);
                }}
                onToggle={({ newState }) => setIsOpen(newState === "open")}
                onClick={close}
                onKeyDown={move}
            >
                {children}
            </div>
        </>
    );
}

interface ItemProps {
    icon?: ReactNode;
    /** Where it leads, unless it does something. */
    to?: string;
    act?: () => void;
    danger?: boolean;
    children: ReactNode;
}

export function MenuItem({ icon, to, act, danger, children }: ItemProps) {
    const common = { role: "menuitem", tabIndex: -1, className: classes.item, "data-danger": danger };
    const content = (
        <>
            {icon}
            <span>{children}</span>
        </>
    );
    if (to) return <Link {...common} to={to}>{content}</Link>;
    return <button {...common} type="button" onClick={act}>{content}</button>;
}
