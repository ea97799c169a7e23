// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The children that are to end with this JVM; a shutdown hook kills what is left of them. */
final class LiveChildren {

    private static final Set<ProcessHandle> CHILDREN = ConcurrentHashMap.newKeySet();

    static {
        Runtime.getRuntime()
                .addShutdownHook(new Thread(() -> ProcessTree.killAllOf(CHILDREN), "spindle-process-shutdown"));
    }

    private LiveChildren() {}

    static void add(ProcessHandle child) {
        CHILDREN.add(child);
    }

    static void remove(ProcessHandle child) {
        CHILDREN.remove(child);
    }
}
