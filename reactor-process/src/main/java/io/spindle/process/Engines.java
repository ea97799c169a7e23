// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import org.jspecify.annotations.Nullable;

/** Picks the engine of this platform. */
final class Engines {

    static final String NATIVE_NAME = "native";

    /** Forces an engine: {@code native}, {@code epoll} or {@code threads}. */
    private static final String PROPERTY = "spindle.process.engine";

    static final Engine EPOLL = new EpollEngine("epoll", new JdkLauncher());
    static final Engine THREADS = new ThreadEngine();

    private Engines() {}

    /**
     * Returns the best one, or the one that was asked for. The first call blocks.
     *
     * @throws IllegalArgumentException if one was asked for that nobody knows, at each call
     */
    static Engine best() {
        Engine best = Holder.BEST;
        if (best == null) {
            throw new IllegalArgumentException(
                    PROPERTY + " must be 'native', 'epoll' or 'threads', was '" + Holder.FORCED + "'");
        }
        return best;
    }

    /** Returns the native engine, or null if it cannot be used. The first call blocks. */
    static @Nullable Engine nativeEngine() {
        return Holder.NATIVE;
    }

    static String forced() {
        return System.getProperty(PROPERTY, "");
    }

    /** Returns null for a wrong name: an exception here would be told once, then hidden behind a missing class. */
    private static @Nullable Engine choose(String forced, @Nullable Engine nativeEngine) {
        return switch (forced) {
            case "", NATIVE_NAME -> nativeEngine != null ? nativeEngine : EpollEngine.isAvailable() ? EPOLL : THREADS;
            case "epoll" -> EPOLL;
            case "threads" -> THREADS;
            default -> null;
        };
    }

    private static final class Holder {

        static final String FORCED = forced();
        static final @Nullable Engine NATIVE = create(Natives.launcher());
        static final @Nullable Engine BEST = choose(FORCED, NATIVE);

        private static @Nullable Engine create(@Nullable NativeLauncher launcher) {
            return launcher == null ? null : new EpollEngine(NATIVE_NAME, launcher);
        }
    }
}
