// SPDX-License-Identifier: Apache-2.0
package io.spindle.spring;

import io.spindle.cluster.Cluster;
import java.util.List;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.env.Environment;

/** What this process is to be. */
enum ClusterMode {
    /** An application like any other. */
    PLAIN,
    /** Starts workers and watches them; no application context. */
    PRIMARY,
    /** An application that shares its ports with the other workers. */
    WORKER;

    /** Who is on the stack when the application is not started for good: those that DevTools knows, too. */
    private static final List<String> TESTS = List.of(
            "org.junit.",
            "org.testng.",
            "io.cucumber.",
            "org.springframework.boot.test.",
            "org.springframework.boot.SpringApplicationAotProcessor");

    private static final String RESTARTER = "org.springframework.boot.devtools.restart.classloader.RestartClassLoader";

    static ClusterMode of(Environment environment) {
        if (!environment.getProperty("spindle.enabled", Boolean.class, true)
                || !environment.containsProperty(SpindleClusterProperties.WORKERS)
                || properties(environment).count() == 0) {
            return PLAIN;
        }
        if (Cluster.isWorker()) {
            return WORKER;
        }
        return isTest(Thread.currentThread().getStackTrace()) || isDevTools() ? PLAIN : PRIMARY;
    }

    static SpindleClusterProperties properties(Environment environment) {
        return Binder.get(environment).bindOrCreate("spindle.cluster", Bindable.of(SpindleClusterProperties.class));
    }

    /** A test that starts an application wants it in its own process, and could not start "this program" again. */
    static boolean isTest(StackTraceElement[] stack) {
        for (StackTraceElement frame : stack) {
            if (TESTS.stream().anyMatch(frame.getClassName()::startsWith)) {
                return true;
            }
        }
        return false;
    }

    /** The restarter runs the application in this process, again and again. */
    private static boolean isDevTools() {
        ClassLoader loader = Thread.currentThread().getContextClassLoader();
        return loader != null && loader.getClass().getName().equals(RESTARTER);
    }
}
