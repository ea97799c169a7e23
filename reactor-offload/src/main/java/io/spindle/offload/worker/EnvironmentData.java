// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.worker;

import io.spindle.loop.EventLoop;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The environment data of the running workers, by their loops, and that of everybody else. */
final class EnvironmentData {

    private static final Map<Object, Object> OUTSIDE = new ConcurrentHashMap<>();
    private static final Map<EventLoop, Map<Object, Object>> OF_WORKERS = new ConcurrentHashMap<>();

    private EnvironmentData() {}

    /** What code on this thread sees and sets. */
    static Map<Object, Object> current() {
        EventLoop loop = EventLoop.current();
        @Nullable Map<Object, Object> own = loop == null ? null : OF_WORKERS.get(loop);
        return own == null ? OUTSIDE : own;
    }

    /** What a worker that is started on this thread inherits. */
    static Map<Object, Object> snapshot() {
        return Map.copyOf(current());
    }

    static void begin(EventLoop worker, Map<Object, Object> inherited) {
        OF_WORKERS.put(worker, new ConcurrentHashMap<>(inherited));
    }

    static void end(EventLoop worker) {
        OF_WORKERS.remove(worker);
    }
}
