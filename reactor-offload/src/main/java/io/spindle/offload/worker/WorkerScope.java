// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.worker;

import io.spindle.loop.EventLoop;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.ObjIntConsumer;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;

/**
 * What belongs to the thread of a running worker, or to all code that is in none: its id, its environment data and the
 * inbox of what is posted to that id.
 */
final class WorkerScope {

    private static final int OUTSIDE_ID = 0;
    private static final int INBOX_CAPACITY = 1024;
    private static final WorkerScope OUTSIDE = new WorkerScope(OUTSIDE_ID, Map.of());
    private static final Map<EventLoop, WorkerScope> BY_LOOP = new ConcurrentHashMap<>();
    private static final Map<Integer, WorkerScope> BY_ID = new ConcurrentHashMap<>(Map.of(OUTSIDE_ID, OUTSIDE));

    private final int id;
    private final Map<Object, Object> environmentData;
    private final PortCalls<Posted, Void> inbox;

    private WorkerScope(int id, Map<Object, Object> inherited) {
        this.id = id;
        this.environmentData = new ConcurrentHashMap<>(inherited);
        this.inbox = PortCalls.handledAtOnce(name(id), INBOX_CAPACITY);
    }

    private static String name(int id) {
        return "the inbox of thread " + id;
    }

    /** That of the calling thread. */
    static WorkerScope current() {
        EventLoop loop = EventLoop.current();
        @Nullable WorkerScope own = loop == null ? null : BY_LOOP.get(loop);
        return own == null ? OUTSIDE : own;
    }

    static void begin(EventLoop loop, int id, Map<Object, Object> inherited) {
        WorkerScope scope = new WorkerScope(id, inherited);
        BY_LOOP.put(loop, scope);
        BY_ID.put(id, scope);
    }

    static void end(EventLoop loop) {
        WorkerScope scope = BY_LOOP.remove(loop);
        if (scope != null) {
            BY_ID.remove(scope.id);
            scope.inbox.close();
        }
    }

    Map<Object, Object> environmentData() {
        return environmentData;
    }

    static Mono<Void> post(int threadId, Object message) {
        Objects.requireNonNull(message, "message");
        return Mono.defer(() -> {
            WorkerScope from = current();
            if (from.id == threadId) {
                return Mono.error(new IllegalArgumentException(
                        "threadId must be that of another thread, was the caller's own, " + threadId));
            }
            WorkerScope to = BY_ID.get(threadId);
            return to == null
                    ? Mono.error(new PortClosedException(name(threadId), "there is no such thread"))
                    : to.inbox.request(new Posted(message, from.id));
        });
    }

    Disposable onPosted(ObjIntConsumer<Object> handler) {
        Objects.requireNonNull(handler, "handler");
        return inbox.handleAtOnce(posted -> handler.accept(posted.message(), posted.sourceId()));
    }

    private record Posted(Object message, int sourceId) {}
}
