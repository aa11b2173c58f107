// Draws a dashboard's panels with Grafana's own components, and reads back what is to be seen.
//
// In: a dashboard's JSON, and for each panel the data frames of its queries (frames.py). Ours is the
// wiring alone, as the core plugins of Grafana have it: place on the grid, transformations, field
// configuration, then the component. What has no component in the packages is drawn as a word.
(() => {
  const g = window.grafana;
  const h = g.createElement;
  const theme = g.createTheme({ colors: { mode: 'dark' } });
  const asIs = (text) => text;
  // Grafana's grid: 24 columns, rows of 30 px, gaps of 8 px.
  const COLUMNS = 24;
  const ROW = 30;
  const GAP = 8;
  // What the plugin of time series sets where a dashboard says nothing.
  const LINES = {
    axisCenteredZero: false,
    axisColorMode: 'text',
    axisPlacement: 'auto',
    barAlignment: 0,
    drawStyle: 'line',
    fillOpacity: 0,
    gradientMode: 'none',
    hideFrom: { legend: false, tooltip: false, viz: false },
    insertNulls: false,
    lineInterpolation: 'linear',
    lineWidth: 1,
    pointSize: 5,
    scaleDistribution: { type: 'linear' },
    showPoints: 'auto',
    spanNulls: false,
    stacking: { group: 'A', mode: 'none' },
    thresholdsStyle: { mode: 'off' },
  };
  const STANDARD = [
    'unit', 'min', 'max', 'decimals', 'displayName', 'color', 'noValue', 'links', 'mappings',
    'thresholds',
  ];

  function option(id, path, isCustom) {
    return { id, path, name: id, isCustom, process: asIs, shouldApply: () => true };
  }

  // `custom.x` of the overrides: every name that a dashboard uses is an option.
  function register(boards) {
    const custom = new Set();
    for (const board of boards) {
      for (const panel of board.panels) {
        const { defaults = {}, overrides = [] } = panel.fieldConfig ?? {};
        Object.keys(defaults.custom ?? {}).forEach((name) => custom.add(name));
        overrides.flatMap((rule) => rule.properties).forEach(({ id }) => {
          if (id.startsWith('custom.')) {
            custom.add(id.slice('custom.'.length));
          }
        });
      }
    }
    Object.keys(LINES).forEach((name) => custom.add(name));
    g.standardFieldConfigEditorRegistry.setInit(() => [
      ...STANDARD.map((name) => option(name, name, false)),
      ...[...custom].map((name) => option(`custom.${name}`, name, true)),
    ]);
    const transformers = new Map(
      Object.values(g.standardTransformers).map((info) => [info.id, info])
    );
    g.standardTransformersRegistry.setInit(() =>
      [...transformers.values()].map((info) => ({
        id: info.id, name: info.name, transformation: () => Promise.resolve(info),
      }))
    );
  }

  // JSON has no infinity: the first step begins at null.
  function fromJson(fieldConfig) {
    const made = structuredClone(fieldConfig ?? {});
    made.defaults ??= {};
    made.overrides ??= [];
    const limits = [made.defaults.thresholds];
    for (const { properties } of made.overrides) {
      limits.push(...properties.filter(({ id }) => id === 'thresholds').map(({ value }) => value));
    }
    for (const step of limits.flatMap((one) => one?.steps ?? [])) {
      step.value ??= -Infinity;
    }
    return made;
  }

  function transformed(panel, frames) {
    return new Promise((resolve, reject) => {
      g.transformDataFrame(panel.transformations ?? [], frames, { interpolate: asIs })
        .subscribe({ next: resolve, error: reject });
    });
  }

  function noData(panel) {
    return h('p', { 'data-words': true }, panel.fieldConfig?.defaults?.noValue ?? 'No data');
  }

  // A line has gaps where a figure is none.
  function withGaps(frame) {
    const gap = (figure) => (Number.isFinite(figure) ? figure : null);
    return {
      ...frame,
      fields: frame.fields.map((field) =>
        field.type === 'number' ? { ...field, values: field.values.map(gap) } : field),
    };
  }

  // One figure or bar a value: what a stat and a bar gauge have in common.
  function repeated(seen, spacing, limits, draw) {
    const { panel, config, series, width, height } = seen;
    const { options } = panel;
    const values = () => g.getFieldDisplayValues({
      data: series, fieldConfig: config, reduceOptions: options.reduceOptions,
      replaceVariables: asIs, sparkline: false, theme, timeZone: 'utc',
    });
    return h(g.VizRepeater, {
      ...limits, getAlignmentFactors: g.getDisplayValueAlignmentFactors, getValues: values,
      height, itemSpacing: spacing, orientation: options.orientation, renderCounter: 0,
      renderValue: (one) => h('div', { 'data-value': true, style: { display: 'contents' } }, draw(one)), source: series, width,
    });
  }

  const DRAWN = {
    stat: (seen) => repeated(seen, 3, { autoGrid: true }, (one) => h(g.BigValue, {
      ...one, colorMode: seen.panel.options.colorMode,
      disableWideLayout: !seen.panel.options.wideLayout,
      graphMode: seen.panel.options.graphMode, justifyMode: seen.panel.options.justifyMode,
      parentOrientation: one.orientation, text: seen.panel.options.text,
      textMode: seen.panel.options.textMode, theme, value: one.value.display,
    })),

    bargauge: (seen) => {
      const { options } = seen.panel;
      const limits = {
        maxVizHeight: options.maxVizHeight, minVizHeight: options.minVizHeight,
        minVizWidth: options.minVizWidth,
      };
      return repeated(seen, 10, limits, (one) => h(g.BarGauge, {
        ...one, alignmentFactors: one.count > 1 ? one.alignmentFactors : undefined,
        display: one.value.view?.getFieldDisplayProcessor(one.value.colIndex),
        displayMode: options.displayMode, field: one.value.field, itemSpacing: 10,
        namePlacement: options.namePlacement, showUnfilled: options.showUnfilled,
        text: options.text, theme, value: one.value.display,
        valueDisplayMode: options.valueMode,
      }));
    },

    table: ({ panel, config, series, width, height }) => {
      if (!series.some((frame) => frame.fields.length > 0)) {
        return noData(panel);
      }
      return h(g.TableNG, {
        cellHeight: panel.options.cellHeight, data: series[0], fieldConfig: config, height,
        noHeader: !panel.options.showHeader, noValue: config.defaults.noValue,
        resizable: true, showTypeIcons: panel.options.showTypeIcons,
        sortBy: panel.options.sortBy, structureRev: 1, width,
      });
    },

    timeseries: ({ panel, series, range, width, height }) => {
      if (!series.some((frame) => frame.length > 0)) {
        return noData(panel);
      }
      return h(g.TimeSeries, {
        frames: series.map(withGaps), height, legend: panel.options.legend, options: panel.options,
        structureRev: 1, timeRange: range, timeZone: 'utc', width,
      });
    },

    text: ({ panel }) => h('div', {
      className: 'markdown-html', 'data-words': true,
      dangerouslySetInnerHTML: { __html: g.renderTextPanelMarkdown(panel.options.content) },
    }),
  };

  async function prepared(panel, answers, range) {
    const config = fromJson(panel.fieldConfig);
    if (panel.type === 'timeseries') {
      config.defaults.custom = { ...LINES, ...config.defaults.custom };
      config.defaults.color ??= { mode: 'palette-classic' };
    }
    const frames = (answers[panel.id] ?? []).map(g.createDataFrame);
    const series = g.applyFieldOverrides({
      data: await transformed(panel, frames), fieldConfig: config, replaceVariables: asIs, theme,
      timeZone: 'utc',
    });
    g.cacheFieldDisplayNames(series);
    return { panel, config, series, range };
  }

  function place({ x, y, w, h: rows }) {
    const column = (window.innerWidth - 2 * GAP - (COLUMNS - 1) * GAP) / COLUMNS;
    return {
      left: GAP + x * (column + GAP), top: GAP + y * (ROW + GAP),
      width: w * column + (w - 1) * GAP, height: rows * ROW + (rows - 1) * GAP,
    };
  }

  function section(seen) {
    const { panel } = seen;
    const at = place(panel.gridPos);
    const drawn = DRAWN[panel.type];
    if (panel.type === 'row') {
      return h('section', { key: panel.id, 'data-panel': panel.id, style: at },
        h('h6', { 'data-words': true }, panel.title));
    }
    const inside = (width, height) =>
      drawn ? drawn({ ...seen, width, height }) : h('p', { 'data-missing': true }, panel.type);
    return h('section', { key: panel.id, 'data-panel': panel.id, style: at },
      h(g.PanelChrome, {
        width: at.width, height: at.height, title: panel.title,
        padding: panel.type === 'table' ? 'none' : 'md',
      }, inside));
  }

  let root;

  // `answers`: frames by panel id; `since`, `until`: ms, the time axis.
  window.draw = async (board, answers, since, until) => {
    const range = { from: g.dateTime(since), to: g.dateTime(until) };
    range.raw = { ...range };
    const panels = await Promise.all(board.panels.map((one) => prepared(one, answers, range)));
    root?.unmount();
    root = g.createRoot(document.getElementById('board'));
    g.flushSync(() => root.render(h(g.ThemeContext.Provider, { value: theme },
      h(g.GlobalStyles, {}), panels.map(section))));
    // Columns get their widths, and lines their canvas, once the first layout is known.
    for (let frame = 0; frame < 3; frame += 1) {
      await new Promise(requestAnimationFrame);
    }
  };

  const text = (element) => element.innerText.replace(/\s+/g, ' ').trim();

  // The colours of the element and what is in it: grounds and letters.
  const painted = (element) => [element, ...element.querySelectorAll('*')].flatMap((one) => {
    const { backgroundColor, backgroundImage, color } = getComputedStyle(one);
    const colours = `${backgroundImage} ${backgroundColor} ${color}`.match(/rgba?\([^)]*\)/g) ?? [];
    return colours.filter((colour) => !/^rgba.*, 0\)$/.test(colour));
  });

  // Whether some of its text is not to be seen: longer than its room, or over the panel's edge.
  function cut(element, panel) {
    const room = element.getBoundingClientRect();
    const edge = panel.getBoundingClientRect().right;
    const words = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    const range = document.createRange();
    while (words.nextNode()) {
      range.selectNodeContents(words.currentNode);
      const { left, right, width } = range.getBoundingClientRect();
      if (width > 0 && (left < room.left || right > room.right || right > edge)) {
        return true;
      }
    }
    return false;
  }

  const cell = (element) => ({ text: text(element), colours: painted(element) });

  // What is to be seen of each panel: cells of tables by row, figures and bars, words.
  window.read = () => [...document.querySelectorAll('[data-panel]')].map((panel) => {
    const all = (selector) => [...panel.querySelectorAll(selector)];
    const cells = all('[role=columnheader], [role=gridcell]');
    const rows = all('[role=row]').map((row) => [...row.querySelectorAll('[role=gridcell]')]);
    return {
      id: Number(panel.dataset.panel),
      drawn: all('[data-missing]').length === 0,
      headings: all('[role=columnheader]').map(text),
      rows: rows.filter((row) => row.length > 0).map((row) => row.map(cell)),
      values: all('[data-value]').map(cell),
      words: all('[data-words]').map(text),
      cut: cells.filter((one) => cut(one, panel)).map(text),
      legend: all('[class*="LegendLabel"]').map(text),
    };
  });
  window.register = register;
})();
