// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import org.jspecify.annotations.Nullable;

/** Makes virtual threads where this Java has them, 21 or later. */
final class VirtualThreads {

    private static final int SINCE = 21;

    /**
     * {@code Thread.ofVirtual().name(name).inheritInheritableThreadLocals(false).unstarted(task)}, which does not compile on
     * the oldest Java that we run on.
     */
    private record Builder(Method ofVirtual, Method name, Method inherit, Method unstarted) {

        static @Nullable Builder find() {
            if (Runtime.version().feature() < SINCE) { // it was a preview before
                return null;
            }
            try {
                Class<?> builder = Class.forName("java.lang.Thread$Builder");
                return new Builder(
                        Thread.class.getMethod("ofVirtual"),
                        builder.getMethod("name", String.class),
                        builder.getMethod("inheritInheritableThreadLocals", boolean.class),
                        builder.getMethod("unstarted", Runnable.class));
            } catch (ReflectiveOperationException error) {
                throw new IllegalStateException("this Java has virtual threads, but not as we know them", error);
            }
        }
    }

    private static final @Nullable Builder BUILDER = Builder.find();

    private VirtualThreads() {}

    static boolean areAvailable() {
        return BUILDER != null;
    }

    /** Returns a thread that has not been started. Only if they are available. */
    static Thread unstarted(String name, Runnable task) {
        if (BUILDER == null) {
            throw new UnsupportedOperationException("virtual threads need Java " + SINCE);
        }
        try {
            Object named = BUILDER.name().invoke(BUILDER.ofVirtual().invoke(null), name);
            return (Thread) BUILDER.unstarted().invoke(BUILDER.inherit().invoke(named, false), task);
        } catch (InvocationTargetException | IllegalAccessException error) {
            throw new IllegalStateException("no virtual thread could be made", error);
        }
    }
}
