import { Modal, Progress } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { User } from "../../api/queries";
import { toast } from "../../components/Toasts";
import { texts } from "../../texts";
import classes from "./BulkBar.module.css";

const t = texts.bulk;

/** A user who was not changed. */
interface Refused {
    user: User;
    why: string;
}

/** Does something to many users, and shows how far it is and who was refused. */
export function useBulk(finish: (refused: User[]) => void) {
    const queries = useQueryClient();
    const [progress, setProgress] = useState<{ done: number; all: number }>();
    const [refused, setRefused] = useState<Refused[]>([]);

    /** Does it to `size` users with each call; a call that fails changed none of them. */
    const run = async (users: User[], size: number, act: (part: User[]) => Promise<Refused[]>, text: (count: number) => string) => {
        const rest = [...users];
        const refused: Refused[] = [];
        setProgress({ done: 0, all: users.length });
        const work = async () => {
            for (let part = rest.splice(0, size); part.length > 0; part = rest.splice(0, size)) {
                const asked = part;
                refused.push(...(await act(asked).catch((error: Error) => asked.map((user) => ({ user, why: error.message })))));
                setProgress((now) => now && { ...now, done: now.done + asked.length });
            }
        };
        // A few at a time: enough to be quick, few enough for the limits of the API.
        await Promise.all([work(), work(), work(), work()]);
        await queries.invalidateQueries();
        setProgress(undefined);
        setRefused(refused);
        if (refused.length < users.length) toast(text(users.length - refused.length));
        finish(refused.map(({ user }) => user));
    };
    const each = (users: User[], act: (user: User) => Promise<unknown>, text: (count: number) => string) =>
        run(users, 1, async ([user]) => (await act(user!), []), text);

    const shown = (
        <>
            <Modal opened={progress !== undefined} onClose={() => undefined} withCloseButton={false} title={t.working}>
                {progress && (
                    <>
                        <Progress value={(progress.done / progress.all) * 100} aria-label={t.working} />
                        <p className="muted small number">{t.progress(progress.done, progress.all)}</p>
                    </>
                )}
            </Modal>
            <Modal opened={refused.length > 0} onClose={() => setRefused([])} title={t.failed(refused.length)}>
                <ul className={`plain ${classes.failed}`}>
                    {refused.map(({ user, why }) => (
                        <li key={user.id}>
                            <strong>{user.email}</strong>
                            <div className="muted small">{why}</div>
                        </li>
                    ))}
                </ul>
            </Modal>
        </>
    );
    return { run, each, shown };
}
