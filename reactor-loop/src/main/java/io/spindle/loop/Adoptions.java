// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Scannable;

/** What one loop has adopted and what has not ended yet: a list through the adopted themselves. Any thread. */
final class Adoptions {

    private static final Logger log = LoggerFactory.getLogger(EventLoop.class);
    private static final String KIND = "Publisher";

    private @Nullable Adopted<?> first;
    private int size;
    private boolean over; // nothing runs on the loop any more
    private boolean tell;

    /** Returns false if the loop has ended: then it ends at once. */
    synchronized boolean add(Adopted<?> adopted) {
        if (over) {
            return false;
        }
        Adopted<?> next = first;
        adopted.next = next;
        if (next != null) {
            next.previous = adopted;
        }
        first = adopted;
        adopted.listed = true;
        size++;
        return true;
    }

    /** Returns whether it was there. */
    synchronized boolean remove(Adopted<?> adopted) {
        if (!adopted.listed) {
            return false;
        }
        adopted.listed = false;
        Adopted<?> previous = adopted.previous;
        Adopted<?> next = adopted.next;
        if (previous == null) {
            first = next;
        } else {
            previous.next = next;
        }
        if (next != null) {
            next.previous = previous;
        }
        adopted.previous = null;
        adopted.next = null;
        size--;
        return true;
    }

    synchronized boolean contains(Adopted<?> adopted) {
        return adopted.listed;
    }

    private synchronized List<Adopted<?>> present() {
        List<Adopted<?>> all = new ArrayList<>(size);
        for (Adopted<?> adopted = first; adopted != null; adopted = adopted.next) {
            all.add(adopted);
        }
        return all;
    }

    /** How many of each kind keep the loop open. */
    Map<String, Integer> byKind() {
        Map<String, Integer> kinds = new HashMap<>();
        for (Adopted<?> adopted : present()) {
            if (adopted.holds()) {
                kinds.merge(kind(adopted.publisher()), 1, Integer::sum);
            }
        }
        return kinds;
    }

    /** The name that it was given, if any. */
    private static String kind(Scannable publisher) {
        return Stream.concat(Stream.of(publisher), publisher.parents())
                .map(each -> each.scan(Scannable.Attr.NAME))
                .filter(name -> name != null)
                .findFirst()
                .orElse(KIND);
    }

    /** Whether subscribers are told of the end of the loop, once it has ended. */
    synchronized boolean tellTheEnd() {
        return tell;
    }

    private synchronized void over(boolean tellSubscribers) {
        over = true;
        tell = tellSubscribers;
    }

    /**
     * The loop has ended: see {@link Adopted#loopEnded}. By its thread.
     *
     * @param tellSubscribers not those of a program that exits, after which nothing runs
     */
    void end(String loop, boolean tellSubscribers) {
        over(tellSubscribers);
        for (Adopted<?> adopted : present()) {
            try {
                if (remove(adopted)) {
                    adopted.loopEnded();
                }
            } catch (Throwable error) {
                log.error("[{}] an adopted publisher or its subscriber threw at the end of the loop", loop, error);
            }
        }
    }
}
