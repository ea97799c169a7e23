// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import org.jspecify.annotations.Nullable;

/** Picks the engine of this platform. */
final class Engines {

    static final String NATIVE_NAME = "native";
    private static final String EPOLL_NAME = "epoll";

    /** Forces an engine: {@code native}, {@code epoll} or {@code threads}. */
    private static final String PROPERTY = "spindle.process.engine";

    static final Engine EPOLL = new EpollEngine(EPOLL_NAME, new JdkLauncher());
    static final Engine THREADS = new ThreadEngine();

    private Engines() {}

    /**
     * Returns the best one, or the one that was asked for. The first call blocks.
     *
     * @throws IllegalArgumentException if one was asked for that nobody knows, at each call
     * @throws UnsupportedOperationException if one was asked for that cannot be used here, at each call
     */
    static Engine best() {
        Engine best = Holder.BEST;
        if (best != null) {
            return best;
        }
        throw switch (Holder.FORCED) {
            case NATIVE_NAME -> cannot(Natives.whyNot());
            case EPOLL_NAME -> cannot("there is no epoll");
            default ->
                new IllegalArgumentException(
                        PROPERTY + " must be 'native', 'epoll' or 'threads', was '" + Holder.FORCED + "'");
        };
    }

    private static RuntimeException cannot(String why) {
        return new UnsupportedOperationException(
                PROPERTY + " is '" + Holder.FORCED + "', which cannot be used here: " + why);
    }

    /** Returns the native engine, or null if it cannot be used. The first call blocks. */
    static @Nullable Engine nativeEngine() {
        return Holder.NATIVE;
    }

    static String forced() {
        return System.getProperty(PROPERTY, "");
    }

    /** Returns null if it cannot be had: an exception here would be told once, then hidden behind a missing class. */
    private static @Nullable Engine choose(String forced, @Nullable Engine nativeEngine) {
        return switch (forced) {
            case "" -> nativeEngine != null ? nativeEngine : EpollEngine.isAvailable() ? EPOLL : THREADS;
            case NATIVE_NAME -> nativeEngine;
            case EPOLL_NAME -> EpollEngine.isAvailable() ? EPOLL : null;
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
