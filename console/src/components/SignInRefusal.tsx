import { Alert } from "@mantine/core";
import { useEffect, useState } from "react";
import { isProblem, type Problem } from "../api/problem";
import { FormError } from "../form";
import { texts } from "../texts";
import { absolute } from "../time";

const t = texts.signIn;

/** Why nobody was signed in, and what to do about it. */
export function SignInRefusal({ error }: { error: Error | null }) {
    if (isProblem(error, "too-many-attempts")) return <Paused problem={error} />;
    const title = isProblem(error, "account-suspended") ? t.suspended : isProblem(error, "temporary-password-expired") ? t.temporaryExpired : null;
    if (!title) return <FormError error={error} />;
    const { reason, until } = (error as Problem).more;
    return (
        <Alert color="yellow" variant="light" title={title} role="alert">
            {typeof reason === "string" && <p>{t.reason(reason)}</p>}
            {typeof until === "string" && <p>{t.until(absolute(until))}</p>}
            <p>{error?.message}</p>
        </Alert>
    );
}

/** How long is left until somebody can try again. */
function Paused({ problem }: { problem: Problem }) {
    const [now, setNow] = useState(problem.at);
    useEffect(() => {
        const timer = setInterval(() => setNow(Date.now()), 1_000);
        return () => clearInterval(timer);
    }, []);
    const left = (problem.retryAfter ?? 0) - (now - problem.at) / 1_000;
    return (
        <Alert color="yellow" variant="light" title={t.paused} role="alert">
            {left > 0 ? texts.problems.retryIn(left) : t.pauseOver}
        </Alert>
    );
}
