import { Anchor, Button, PasswordInput, TextInput } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, Navigate, useLocation } from "../navigation";
import { answer, api } from "../api/client";
import { sessionQuery, setupQuery } from "../api/queries";
import { GuestPage } from "../components/GuestPage";
import { SignInRefusal } from "../components/SignInRefusal";
import { useForm } from "../form";
import { texts } from "../texts";
import { useUrl } from "../url";

const t = texts.signIn;

export default function SignIn() {
    const queries = useQueryClient();
    const url = useUrl();
    const state = useLocation().state as { email?: string; notice?: string } | null;
    const session = useQuery(sessionQuery);
    const setup = useQuery(setupQuery);
    const form = useForm({
        initial: { email: state?.email ?? "", password: "" },
        send: async (body) => {
            await answer(api.POST("/v1/sessions", { body }));
            await queries.fetchQuery({ ...sessionQuery, staleTime: 0 });
        },
    });
    if (session.data) return <Navigate to={next(url.get("next"))} />;
    if (setup.data?.required) return <Navigate to="/setup" />;
    return (
        <GuestPage title={t.title} lead={state?.notice}>
            <form {...form.props} className="stack">
                <SignInRefusal error={form.error} />
                <TextInput
                    label={texts.fields.email}
                    type="email"
                    autoComplete="username"
                    autoFocus={!state?.email}
                    {...form.text("email")}
                />
                <PasswordInput
                    label={texts.fields.password}
                    autoComplete="current-password"
                    autoFocus={Boolean(state?.email)}
                    {...form.text("password")}
                />
                <Button type="submit" fullWidth loading={form.isBusy}>
                    {t.go}
                </Button>
                <Anchor component={Link} to="/forgotten-password" state={{ email: form.values.email }} size="sm" ta="center">
                    {t.forgotten}
                </Anchor>
            </form>
        </GuestPage>
    );
}

/** Only a path of ours: anything else would lead people away after they signed in. */
function next(path: string | undefined): string {
    return path && /^\/(?![/\\])/.test(path) ? path : "/";
}
