import classes from "./Avatar.module.css";

/** The initials of a name, in a colour of its own. */
export function Avatar({ name, size = 28 }: { name: string; size?: number }) {
    const words = name.split(/[\s@._-]+/u).filter(Boolean);
    const initials = [words[0], words.length > 1 && !name.includes("@") ? words[words.length - 1] : undefined]
        .map((word) => (word ? Array.from(word)[0] : ""))
        .join("")
        .toUpperCase();
    let hue = 0;
    for (const letter of name) hue = (hue * 31 + (letter.codePointAt(0) ?? 0)) % 360;
    return (
        <span
            className={classes.avatar}
            style={{ "--hue": hue, width: size, height: size, fontSize: size * 0.39 } as React.CSSProperties}
            aria-hidden
        >
            {initials}
        </span>
    );
}
