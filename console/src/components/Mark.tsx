export function Mark() {
    return (
        <svg viewBox="0 0 32 32" width="22" height="22" aria-hidden>
            <rect width="32" height="32" rx="8" fill="#2f5bd7" />
            <path
                d="M9 24V8h8.2a5.1 5.1 0 0 1 1.5 10L23 24h-4l-3.7-5.6h-2.900V24zm3.400-8.600h4.500a2.150 2.150 0 0 0 0-4.300h-4.500z"
                fill="#fff"
            />
        </svg>
    );
}
