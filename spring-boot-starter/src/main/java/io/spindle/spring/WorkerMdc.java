// SPDX-License-Identifier: Apache-2.0
package io.spindle.spring;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.turbo.TurboFilter;
import ch.qos.logback.core.spi.FilterReply;
import org.jspecify.annotations.Nullable;
import org.slf4j.ILoggerFactory;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;
import org.slf4j.Marker;
import org.springframework.util.ClassUtils;

/**
 * Puts the worker's number into the MDC of every thread that logs. An MDC belongs to a thread and nobody sees all of
 * them start, so with Logback it is done when a thread logs; with another system only the calling thread gets it.
 */
final class WorkerMdc {

    static final String KEY = "worker";

    private static final String LOGBACK = "ch.qos.logback.classic.LoggerContext";

    private WorkerMdc() {}

    static void install(int worker) {
        MDC.put(KEY, text(worker));
        if (ClassUtils.isPresent(LOGBACK, WorkerMdc.class.getClassLoader())) {
            Logback.install(text(worker));
        }
    }

    private static String text(int worker) {
        return "worker-" + worker;
    }

    /** Apart, so that it is loaded only where there is Logback. */
    private static final class Logback extends TurboFilter {

        private final String worker;

        private Logback(String worker) {
            this.worker = worker;
        }

        static void install(String worker) {
            ILoggerFactory factory = LoggerFactory.getILoggerFactory();
            if (factory instanceof LoggerContext context) {
                context.addTurboFilter(new Logback(worker));
            }
        }

        @Override
        public FilterReply decide(
                @Nullable Marker marker,
                Logger logger,
                Level level,
                @Nullable String format,
                Object @Nullable [] arguments,
                @Nullable Throwable error) {
            if (MDC.get(KEY) == null) {
                MDC.put(KEY, worker);
            }
            return FilterReply.NEUTRAL;
        }
    }
}
