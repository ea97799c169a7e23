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

    /** Returns the best one, or the one that was asked for. The first call blocks. */
    static Engine best() {
        return Holder.BEST;
    }

    /** Returns the native engine, or null if it cannot be used. The first call blocks. */
    static @Nullable Engine nativeEngine() {
        return Holder.NATIVE;
    }

    static String forced() {
        return System.getProperty(PROPERTY, "");
    }

    private static Engine choose(@Nullable Engine nativeEngine) {
        String forced = forced();
        return switch (forced) {
            case "", NATIVE_NAME -> nativeEngine != null ? nativeEngine : EpollEngine.isAvailable() ? EPOLL : THREADS;
            case "epoll" -> EPOLL;
            case "threads" -> THREADS;
            default ->
                throw new IllegalArgumentException(
                        PROPERTY + " must be 'native', 'epoll' or 'threads', was '" + forced + "'");
        };
    }

    private static final class Holder {

        static final @Nullable Engine NATIVE = create(Natives.launcher());
        static final Engine BEST = choose(NATIVE);

        private static @Nullable Engine create(@Nullable NativeLauncher launcher) {
            return launcher == null ? null : new EpollEngine(NATIVE_NAME, launcher);
        }
    }
}
