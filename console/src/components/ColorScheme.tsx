import { useMantineColorScheme, type MantineColorScheme } from "@mantine/core";
import type { ReactNode } from "react";
import { texts } from "../texts";

const NEXT: Record<MantineColorScheme, MantineColorScheme> = { auto: "light", light: "dark", dark: "auto" };

/** Goes round light, dark, and what the system says. */
export function ColorScheme({ children }: { children: (change: () => void, label: string) => ReactNode }) {
    // To stop transitions while the colours change, Mantine would write a <style>.
    const { colorScheme, setColorScheme } = useMantineColorScheme({ keepTransitions: true });
    return children(() => setColorScheme(NEXT[colorScheme]), texts.shell.colors[colorScheme]);
}
