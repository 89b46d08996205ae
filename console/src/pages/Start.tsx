import { Button } from "@mantine/core";
import { IconCircleCheckFilled, IconCircleDashed } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "../navigation";
import { appsQuery, emailSettingsQuery, usersQuery } from "../api/queries";
import { Page } from "../components/Page";
import { texts } from "../texts";
import classes from "./Start.module.css";

const t = texts.start;

/** What there is to do in a new installation. */
export default function Start() {
    const email = useQuery(emailSettingsQuery);
    const apps = useQuery(appsQuery);
    const users = useQuery(usersQuery({ limit: 2 }));
    const steps = [
        { ...t.email, to: "/settings/email", isDone: email.data?.configured ?? false },
        { ...t.app, to: "/apps?new=1", isDone: (apps.data?.length ?? 0) > 0 },
        { ...t.invite, to: "/users?add=email", isDone: (users.data?.items.length ?? 0) > 1 },
    ];
    const next = steps.findIndex((step) => !step.isDone);
    return (
        <Page title={t.title} lead={next < 0 ? t.done : t.lead} narrow>
            <ol className={`plain ${classes.steps}`}>
                {steps.map(({ title, lead, action, to, isDone }, at) => (
                    <li key={to} className={classes.step} data-done={isDone}>
                        {isDone ? <IconCircleCheckFilled size={22} aria-hidden /> : <IconCircleDashed size={22} aria-hidden />}
                        <div>
                            <h2>
                                {title}
                                {isDone && <span className="hidden"> ({t.isDone})</span>}
                            </h2>
                            <p className="muted">{lead}</p>
                        </div>
                        <Button component={Link} to={to} variant={at === next ? "filled" : "default"}>
                            {action}
                        </Button>
                    </li>
                ))}
            </ol>
            <p className={classes.more}>
                <Link to="/users">{t.skip}</Link>
            </p>
        </Page>
    );
}
