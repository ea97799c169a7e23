// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Signals to processes and their descendants. Everything here blocks: it walks the system's list of processes. */
final class ProcessTree {

    private static final Logger log = LoggerFactory.getLogger(ChildProcess.class);
    private static final int MAX_ROUNDS = 5;
    private static final long SIGNAL_PROGRAM_SECONDS = 5;

    private ProcessTree() {}

    /** Returns the process and its descendants, or nothing if it has ended: its descendants are then not known. */
    static Set<ProcessHandle> of(ProcessHandle root) {
        Set<ProcessHandle> tree = new LinkedHashSet<>();
        if (root.isAlive()) {
            tree.add(root);
            try (Stream<ProcessHandle> descendants = root.descendants()) {
                descendants.forEach(tree::add);
            }
        }
        return tree;
    }

    /**
     * Kills a process, the group that it leads, and its descendants. They are stopped first, until none is new, for one
     * that runs may fork while we look, and what a killed parent leaves behind is no longer found.
     */
    static void kill(Running process) {
        Set<ProcessHandle> tree = new LinkedHashSet<>();
        process.killGroup(() -> tree.addAll(stopped(process.handle())));
        tree.forEach(ProcessHandle::destroyForcibly);
    }

    private static void kill(ProcessHandle root) {
        stopped(root).forEach(ProcessHandle::destroyForcibly);
    }

    private static Set<ProcessHandle> stopped(ProcessHandle root) {
        Set<ProcessHandle> tree = new LinkedHashSet<>(Set.of(root));
        Set<ProcessHandle> stopped = new LinkedHashSet<>();
        for (int round = 0; round < MAX_ROUNDS && stopped.size() < tree.size(); round++) {
            List<ProcessHandle> running = new ArrayList<>(tree);
            running.removeAll(stopped);
            send(Signal.STOP, running);
            stopped.addAll(running);
            tree.addAll(of(root));
        }
        return tree;
    }

    /** Kills what was in the tree when a graceful end began, and what has been added below those still alive. */
    static void kill(Collection<ProcessHandle> members) {
        members.forEach(ProcessTree::kill);
    }

    /** Kills all these roots and what descends from them, by one look at the processes: for the end of the JVM. */
    static void killAllOf(Collection<ProcessHandle> roots) {
        Map<Long, Long> parents = new HashMap<>();
        List<ProcessHandle> all;
        try (Stream<ProcessHandle> descendants = ProcessHandle.current().descendants()) {
            all = descendants.toList();
        }
        all.forEach(each -> each.parent().ifPresent(parent -> parents.put(each.pid(), parent.pid())));
        Set<Long> pids = new LinkedHashSet<>();
        roots.forEach(root -> pids.add(root.pid()));
        roots.forEach(ProcessHandle::destroyForcibly);
        for (ProcessHandle each : all) {
            for (Long pid = each.pid(); pid != null; pid = parents.get(pid)) {
                if (pids.contains(pid)) {
                    each.destroyForcibly();
                    break;
                }
            }
        }
    }

    /** Asks a process, the group that it leads, and its descendants to end: each once. Returns whom it asked. */
    static Collection<ProcessHandle> ask(Running process, Signal signal) {
        Set<ProcessHandle> tree = of(process.handle());
        List<ProcessHandle> others =
                tree.stream().filter(each -> !process.isInItsGroup(each)).toList();
        process.signalGroup(signal);
        send(signal, others);
        return tree;
    }

    /**
     * Sends a signal to each that is alive. The JDK knows two; the others are sent by the system's call, or where that
     * cannot be called by the shell's {@code kill}.
     */
    static void send(Signal signal, Collection<ProcessHandle> targets) {
        switch (signal) {
            case TERM -> targets.forEach(ProcessHandle::destroy);
            case KILL -> targets.forEach(ProcessHandle::destroyForcibly);
            default -> sendOther(signal, targets);
        }
    }

    private static void sendOther(Signal signal, Collection<ProcessHandle> targets) {
        NativeLauncher launcher = Natives.launcher();
        if (launcher == null) {
            sendByProgram(signal, targets);
        } else {
            targets.stream().filter(ProcessHandle::isAlive).forEach(each -> launcher.kill(each.pid(), signal));
        }
    }

    private static void sendByProgram(Signal signal, Collection<ProcessHandle> targets) {
        List<String> line = new ArrayList<>(List.of("/bin/sh", "-c", "kill -s \"$0\" \"$@\"", signal.name()));
        targets.stream().filter(ProcessHandle::isAlive).forEach(each -> line.add(Long.toString(each.pid())));
        if (line.size() == 4) {
            return;
        }
        try {
            Process kill = new ProcessBuilder(line)
                    .redirectInput(ProcessBuilder.Redirect.from(new java.io.File("/dev/null")))
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (!kill.waitFor(SIGNAL_PROGRAM_SECONDS, TimeUnit.SECONDS)) {
                kill.destroyForcibly();
            }
        } catch (IOException e) {
            log.warn("cannot send {} to {}", signal, targets, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
