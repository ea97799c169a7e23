// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

/** Holds the loop that everybody in this JVM shares; started when it is first asked for. */
final class SharedEventLoop {

    private static final EventLoop LOOP = new DefaultEventLoop(EventLoopSpec.of("loop-shared"), true).launch();

    private SharedEventLoop() {}

    static EventLoop get() {
        return LOOP;
    }
}
