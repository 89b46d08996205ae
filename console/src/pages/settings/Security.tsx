import { Button, NumberInput } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { answer, api } from "../../api/client";
import { securityQuery, type SecuritySettings } from "../../api/queries";
import { Page, Section } from "../../components/Page";
import { Shown } from "../../components/states";
import { toast } from "../../components/Toasts";
import { FormError, useForm } from "../../form";
import { texts } from "../../texts";

const t = texts.security;

export default function Security() {
    const settings = useQuery(securityQuery);
    return (
        <Page title={t.title} lead={t.lead} narrow>
            <Shown of={settings}>{(settings) => <SettingsForm settings={settings} />}</Shown>
        </Page>
    );
}

function SettingsForm({ settings }: { settings: SecuritySettings }) {
    const queries = useQueryClient();
    const form = useForm({
        initial: settings,
        latest: () => queries.fetchQuery({ ...securityQuery, staleTime: 0 }),
        send: async (body) => {
            await answer(api.PUT("/v1/settings/security", { body }));
            toast(t.saved);
        },
    });
    const number = (name: keyof SecuritySettings, ofNothing: null | 0 = 0) => (
        <NumberInput
            label={t[name].label}
            description={t[name].hint}
            clampBehavior="none"
            {...form.value(name)}
            value={form.values[name] ?? ""}
            onChange={(value) => form.set({ [name]: value === "" ? ofNothing : Number(value) })}
        />
    );
    return (
        <form {...form.props}>
            <FormError error={form.error} />
            <Section title={t.passwords}>
                <div className="fields">
                    {number("password_min_length")}
                    {number("temporary_password_hours")}
                </div>
            </Section>
            <Section title={t.signIn}>{number("sign_in_attempts")}</Section>
            <Section title={texts.sessions.title}>
                <div className="fields">
                    {number("session_idle_minutes")}
                    {number("session_absolute_hours")}
                </div>
            </Section>
            <Section title={t.invites}>{number("remove_expired_after_days", null)}</Section>
            <div className="row end">
                <Button type="submit" loading={form.isBusy}>
                    {texts.common.save}
                </Button>
            </div>
        </form>
    );
}
