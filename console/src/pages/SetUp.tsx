import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Navigate } from "../navigation";
import { answer, api } from "../api/client";
import { sessionQuery, setupQuery } from "../api/queries";
import { GuestPage } from "../components/GuestPage";
import { NewPassword } from "../components/NewPassword";
import { FormError, useForm } from "../form";
import { texts } from "../texts";

const t = texts.setUp;

export default function SetUp() {
    const queries = useQueryClient();
    const setup = useQuery(setupQuery);
    const form = useForm({
        initial: { setup_secret: "", email: "", name: "", password: "" },
        about: { "wrong-setup-secret": "setup_secret" },
        send: async (body) => {
            await answer(api.POST("/v1/setup", { body }));
            await queries.fetchQuery({ ...sessionQuery, staleTime: 0 });
            queries.setQueryData(setupQuery.queryKey, { required: false });
        },
    });
    if (setup.data?.required === false) return <Navigate to={form.isBusy || form.isDone ? "/start" : "/"} />;
    return (
        <GuestPage title={t.title} lead={t.lead}>
            <form {...form.props} className="stack">
                <FormError error={form.error} />
                <PasswordInput
                    label={t.secret}
                    description={t.secretHint}
                    autoComplete="off"
                    autoFocus
                    {...form.text("setup_secret")}
                />
                <TextInput label={t.name} autoComplete="name" {...form.text("name")} />
                <TextInput label={texts.fields.email} type="email" autoComplete="username" {...form.text("email")} />
                <NewPassword
                    label={texts.fields.password}
                    personal={[form.values.name, form.values.email.split("@")[0]]}
                    {...form.text("password")}
                />
                <Button type="submit" fullWidth loading={form.isBusy}>
                    {t.go}
                </Button>
            </form>
        </GuestPage>
    );
}
