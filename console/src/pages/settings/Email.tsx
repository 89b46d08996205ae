import { Alert, Button, Checkbox, NumberInput, TextInput } from "@mantine/core";
import { IconCircleCheck, IconCircleDashed } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { answer, api } from "../../api/client";
import { emailSettingsQuery, type EmailSettings } from "../../api/queries";
import { Page, Section } from "../../components/Page";
import { Shown } from "../../components/states";
import { toast } from "../../components/Toasts";
import { FormError, useForm } from "../../form";
import { useMe } from "../../session";
import { texts } from "../../texts";
import classes from "./settings.module.css";

const t = texts.emailSettings;

export default function Email() {
    const settings = useQuery(emailSettingsQuery);
    return (
        <Page title={t.title} lead={t.lead} narrow>
            <Shown of={settings}>
                {(settings) => (
                    <>
                        {!settings.configured && <Missing />}
                        <SettingsForm settings={settings} />
                        <Test isConfigured={settings.configured} />
                    </>
                )}
            </Shown>
        </Page>
    );
}

function Missing() {
    return (
        <Alert color="yellow" variant="light" title={t.missing} mb="lg">
            {t.missingLead}
        </Alert>
    );
}

const typed = (settings: EmailSettings) => ({
    from_address: settings.from_address ?? "",
    from_name: settings.from_name ?? "",
    reply_to: settings.reply_to ?? "",
    company: settings.company ?? "",
    logo_url: settings.logo_url ?? "",
    platform_url: settings.platform_url ?? location.origin,
    invite_valid_hours: settings.invite_valid_hours,
    reset_valid_minutes: settings.reset_valid_minutes,
    remind_invitees: settings.remind_invitees,
});

function SettingsForm({ settings }: { settings: EmailSettings }) {
    const queries = useQueryClient();
    const form = useForm({
        draft: "email-settings",
        initial: typed(settings),
        latest: async () => typed(await queries.fetchQuery({ ...emailSettingsQuery, staleTime: 0 })),
        send: async (values) => {
            const body = {
                ...values,
                from_name: values.from_name || null,
                reply_to: values.reply_to || null,
                company: values.company || null,
                logo_url: values.logo_url || null,
            };
            await answer(api.PUT("/v1/settings/email", { body }));
            toast(t.saved);
        },
    });
    const { from_address, platform_url } = form.values;
    return (
        <form {...form.props}>
            <FormError error={form.error} />
            <Section title={t.sender}>
                <div className="stack">
                    <div className="fields">
                        <TextInput label={t.fromAddress} description={t.fromAddressHint} type="email" required placeholder="users@example.com" {...form.text("from_address")} />
                        <TextInput label={t.fromName} description={t.fromNameHint} {...form.text("from_name")} />
                    </div>
                    <TextInput label={t.replyTo} description={t.replyToHint} type="email" {...form.text("reply_to")} />
                </div>
            </Section>
            <Section title={t.company}>
                <div className="fields">
                    <TextInput label={t.companyName} description={t.companyNameHint} {...form.text("company")} />
                    <TextInput label={t.logo} description={t.logoHint} type="url" placeholder="https://" {...form.text("logo_url")} />
                </div>
            </Section>
            <Section title={t.links}>
                <div className="stack">
                    <TextInput label={t.platformUrl} description={t.platformUrlHint} type="url" required {...form.text("platform_url")} />
                    <div className="fields">
                        <NumberInput
                            label={t.inviteValid}
                            description={t.inviteValidHint}
                            min={1}
                            max={720}
                            clampBehavior="none"
                            {...form.value("invite_valid_hours")}
                            onChange={(hours) => form.set({ invite_valid_hours: Number(hours) })}
                        />
                        <NumberInput
                            label={t.resetValid}
                            description={t.resetValidHint}
                            min={5}
                            max={1440}
                            clampBehavior="none"
                            {...form.value("reset_valid_minutes")}
                            onChange={(minutes) => form.set({ reset_valid_minutes: Number(minutes) })}
                        />
                    </div>
                    <Checkbox
                        label={t.remind}
                        description={t.remindHint}
                        checked={form.values.remind_invitees}
                        onChange={(event) => form.set({ remind_invitees: event.currentTarget.checked })}
                    />
                </div>
            </Section>
            <div className={`row spread ${classes.submit}`}>
                <span className="row small muted">
                    <Check isDone={from_address !== ""} label={t.fromAddress} />
                    <Check isDone={platform_url !== ""} label={t.platformUrl} />
                </span>
                <Button type="submit" loading={form.isBusy}>
                    {texts.common.save}
                </Button>
            </div>
        </form>
    );
}

function Check({ isDone, label }: { isDone: boolean; label: string }) {
    return (
        <span className={classes.check} data-done={isDone}>
            {isDone ? <IconCircleCheck size={15} aria-hidden /> : <IconCircleDashed size={15} aria-hidden />} {label}
            <span className="hidden">{isDone ? t.isThere : t.isMissing}</span>
        </span>
    );
}

function Test({ isConfigured }: { isConfigured: boolean }) {
    const me = useMe();
    const form = useForm({
        initial: { to: me.email },
        send: async (body) => {
            await answer(api.POST("/v1/settings/email/test", { body }));
            toast(t.testSent(body.to));
        },
    });
    return (
        <Section title={t.test} lead={t.testLead}>
            <form {...form.props} className="stack">
                <FormError error={form.error} />
                <div className={classes.inline}>
                    <TextInput label={t.testTo} type="email" disabled={!isConfigured} {...form.text("to")} />
                    <Button type="submit" variant="default" loading={form.isBusy} disabled={!isConfigured}>
                        {t.testSend}
                    </Button>
                </div>
            </form>
        </Section>
    );
}
