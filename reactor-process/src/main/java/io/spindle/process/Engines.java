// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

/** Picks the engine of this platform. */
final class Engines {

    /** Forces an engine: {@code epoll} or {@code threads}. */
    private static final String PROPERTY = "spindle.process.engine";

    static final Engine EPOLL = new EpollEngine();
    static final Engine THREADS = new ThreadEngine();

    private Engines() {}

    static Engine best() {
        return Holder.BEST;
    }

    private static Engine choose() {
        String forced = System.getProperty(PROPERTY, "");
        return switch (forced) {
            case "" -> EpollEngine.isAvailable() ? EPOLL : THREADS;
            case "epoll" -> EPOLL;
            case "threads" -> THREADS;
            default ->
                throw new IllegalArgumentException(PROPERTY + " must be 'epoll' or 'threads', was '" + forced + "'");
        };
    }

    private static final class Holder {
        static final Engine BEST = choose();
    }
}
