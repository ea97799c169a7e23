// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Signals sent to this JVM. The JDK has them in {@code sun.misc} only, which the compiler warns of under every release
 * and a runtime may lack: so by reflection. Without it, or under {@code -Xrs}, a signal ends the JVM as ever.
 */
final class OsSignals {

    private static final Logger log = LoggerFactory.getLogger(Cluster.class);

    private OsSignals() {}

    /** Returns whether the handler will be called: not for a signal that was ignored when the JVM was started. */
    static boolean handle(String name, Runnable handler) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
            Object proxy = Proxy.newProxyInstance(
                    OsSignals.class.getClassLoader(),
                    new Class<?>[] {handlerType},
                    (self, method, arguments) -> invoke(self, method, arguments, handler));
            Object before = signal.getMethod("handle", signal, handlerType)
                    .invoke(null, signal.getConstructor(String.class).newInstance(name), proxy);
            return !handlerType.getField("SIG_IGN").get(null).equals(before);
        } catch (InvocationTargetException e) {
            log.debug("signal {} is not ours to handle: {}", name, e.getCause());
        } catch (ReflectiveOperationException e) {
            log.debug("signals cannot be handled in this runtime", e);
        }
        return false;
    }

    @SuppressWarnings("ReferenceEquality") // the proxy has no other equality
    private static Object invoke(Object self, Method method, Object[] arguments, Runnable handler) {
        return switch (method.getName()) {
            case "handle" -> {
                handler.run();
                yield self;
            }
            case "equals" -> self == arguments[0];
            case "hashCode" -> System.identityHashCode(self);
            default -> "handler of spindle";
        };
    }
}
